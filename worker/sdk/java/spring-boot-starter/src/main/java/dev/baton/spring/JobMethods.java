// SPDX-License-Identifier: Apache-2.0
package dev.baton.spring;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.baton.sdk.Handler;
import dev.baton.sdk.Job;
import dev.baton.sdk.JobOptions;
import dev.baton.sdk.Worker;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;

/** Registers the methods of all beans that have {@link BatonJob}. */
final class JobMethods implements SmartInitializingSingleton {
    private final ConfigurableListableBeanFactory beans;
    private final Worker worker;

    JobMethods(ConfigurableListableBeanFactory beans, Worker worker) {
        this.beans = beans;
        this.worker = worker;
    }

    @Override
    public void afterSingletonsInstantiated() {
        for (String name : beans.getBeanDefinitionNames()) {
            Class<?> type = beans.getType(name, false);
            if (type == null || ScopedProxyUtils.isScopedTarget(name) || type.getName().startsWith("org.springframework.")) continue;
            MethodIntrospector.selectMethods(type, (Method method) -> AnnotatedElementUtils.findMergedAnnotation(method, BatonJob.class) != null)
                    .forEach(method -> register(name, method));
        }
    }

    private void register(String bean, Method method) {
        BatonJob job = AnnotatedElementUtils.findMergedAnnotation(method, BatonJob.class);
        List<Type> takes = Arrays.stream(method.getGenericParameterTypes()).filter(type -> type != Job.class).toList();
        if (takes.size() > 1) {
            throw new IllegalStateException(method + ": a method of a job takes the variables as one record, and the Job; this one takes " + takes);
        }
        JobOptions options = new JobOptions(job.maxConcurrent() == 0 ? null : job.maxConcurrent(), job.leaseMs() == 0 ? null : job.leaseMs());
        worker.job(job.value(), takes.isEmpty() ? ObjectNode.class : takes.get(0), options, handler(bean, method));
    }

    private Handler<Object> handler(String bean, Method method) {
        return (variables, job) -> {
            Object of = beans.getBean(bean);
            Object[] arguments = Arrays.stream(method.getParameterTypes()).map(type -> type == Job.class ? job : variables).toArray();
            try {
                Method called = AopUtils.selectInvocableMethod(method, of.getClass());
                called.setAccessible(true);
                return called.invoke(of, arguments);
            } catch (InvocationTargetException err) {
                if (err.getCause() instanceof Exception cause) throw cause;
                if (err.getCause() instanceof Error cause) throw cause;
                throw err;
            }
        };
    }
}
